# SystemC::systemc. Debian's SystemC ships no CMake package; its headers lie in the default path. Also part of the
# installation, since heat::dram links it.
if(NOT TARGET SystemC::systemc)
  find_package(Threads REQUIRED)
  find_path(HEAT_SYSTEMC_INCLUDE systemc REQUIRED)
  find_library(HEAT_SYSTEMC_LIBRARY systemc REQUIRED)
  add_library(SystemC::systemc UNKNOWN IMPORTED)
  set_target_properties(SystemC::systemc PROPERTIES
    IMPORTED_LOCATION ${HEAT_SYSTEMC_LIBRARY}
    INTERFACE_COMPILE_DEFINITIONS SC_INCLUDE_DYNAMIC_PROCESSES)
  target_include_directories(SystemC::systemc SYSTEM INTERFACE ${HEAT_SYSTEMC_INCLUDE})
  target_link_libraries(SystemC::systemc INTERFACE Threads::Threads)
  # SystemC's switches between processes' stacks leave the sanitizer with wrong bounds ("stack type: default"), so that
  # it takes live frames for poisoned ones once an exception passed. Heap, globals and undefined behaviour stay checked.
  if(HEAT_SANITIZE)
    target_compile_options(SystemC::systemc INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:--param=asan-stack=0>)
  endif()
endif()
