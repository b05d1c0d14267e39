"""The store in Redis: the only package that knows Redis bytes and Lua."""
