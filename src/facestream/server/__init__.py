"""Live over a network: WebSocket sessions, the page, health and metrics. `protocol.py` says what is spoken."""
