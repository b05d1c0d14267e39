"""HTTP/1.1 on a socket: the protocol, bodies, responses and CORS."""
