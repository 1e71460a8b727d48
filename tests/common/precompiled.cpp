// A library needs a source file; this one is there for its precompiled headers
// (tests/CMakeLists.txt).
