"""The kinds of connections that carry sockets."""
