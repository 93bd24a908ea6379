"""The way in and out: frames, sessions, events, fan-out, each against real servers on every runtime."""
