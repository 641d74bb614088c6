"""What both routers have in common as ASGI applications."""
