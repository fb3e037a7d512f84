// Where the page begins.

import "./style/index.css";

import { render } from "preact";
import { takeTokenFromAddress } from "./api/client.ts";
import { App } from "./app/app.tsx";

takeTokenFromAddress();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
