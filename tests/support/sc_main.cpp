// SystemC's library asks for sc_main; a test's main is GoogleTest's. (The name is C's, as <systemc> declares it.)
extern "C" int sc_main(int, char**) {
  return 0;
}
