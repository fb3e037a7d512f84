"""Questions about a few documents, answered with LlamaIndex: what fits the question is looked up, and given to the model.

    offpath run -- uvicorn main:app

Each call is recorded as a part of the request that it is made for; the one that embeds the documents, by itself.
"""

from __future__ import annotations

import os

import offpath
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.response.schema import StreamingResponse as Answer
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from offpath import OffpathMiddleware
from pydantic import BaseModel

offpath.httpx.instrument()
app = FastAPI(title="llamaindex")
app.add_middleware(OffpathMiddleware)

MODEL_URL = os.environ.get("MODEL_URL", "http://127.0.0.1:9000/v1")
KEY = os.environ.get("MODEL_API_KEY", "none")
DOCUMENTS = [
    "The app writes into a ring in shared memory.",
    "The exporter takes from the ring and writes a spool to disk.",
    "Each sink reads the spool at its own pace.",
]

embeddings = OpenAILikeEmbedding(
    os.environ.get("EMBEDDING_MODEL", "demo-embedding"), api_base=MODEL_URL, api_key=KEY
)
model = OpenAILike(
    os.environ.get("MODEL", "demo"),
    api_base=MODEL_URL,
    api_key=KEY,
    is_chat_model=True,
    additional_kwargs={"stream_options": {"include_usage": True}},
)
index = VectorStoreIndex.from_documents([Document(text=text) for text in DOCUMENTS], embed_model=embeddings)
engine = index.as_query_engine(llm=model, streaming=True, similarity_top_k=1)


class Question(BaseModel):
    """What a client asks."""

    question: str


@app.post("/ask")
def ask(asked: Question) -> StreamingResponse:
    """Answer, word by word."""
    answer = engine.query(asked.question)
    assert isinstance(answer, Answer)
    return StreamingResponse(answer.response_gen, media_type="text/plain")
