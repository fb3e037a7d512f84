"""Apps that the tests run, in this process and under real servers."""
