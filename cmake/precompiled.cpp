// A precompiled header needs a target with a source of its own; the rooms reuse it (see rooms.cmake).
