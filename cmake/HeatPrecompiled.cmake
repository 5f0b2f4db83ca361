# Precompiled headers, one a kind of source, shared by every target of that kind: parsing these headers would cost more
# than compiling most files. They hold headers of the standard library and of other projects only, so that no change of
# ours invalidates them. Sources include what they use all the same: the lint tests and the preset `asan` compile
# without these.
#
# GCC takes a precompiled header only under the options it was made with (levels of optimisation aside). So all of our
# C++ is compiled with the options of heat_options.
set(HEAT_PRECOMPILED_STANDARD
    <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <iostream> <map> <memory> <numeric>
    <optional> <set> <sstream> <stdexcept> <string> <string_view> <unordered_map> <utility> <variant> <vector>
    <nlohmann/json.hpp>)

# heat_precompiled(<kind> STANDARD 17|20 HEADERS ... [LINKS ...])  makes what heat_precompile(<target> <kind>) shares.
function(heat_precompiled kind)
  cmake_parse_arguments(ARG "" "STANDARD" "HEADERS;LINKS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/precompiled/empty.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "// A target with a precompiled header needs a source.\n")
  add_library(heat_precompiled_${kind} OBJECT EXCLUDE_FROM_ALL ${source})
  target_compile_features(heat_precompiled_${kind} PRIVATE cxx_std_${ARG_STANDARD})
  target_link_libraries(heat_precompiled_${kind} PRIVATE heat_options ${ARG_LINKS})
  target_precompile_headers(heat_precompiled_${kind} PRIVATE ${HEAT_PRECOMPILED_STANDARD} ${ARG_HEADERS})
endfunction()

function(heat_precompile target kind)
  target_precompile_headers(${target} REUSE_FROM heat_precompiled_${kind})
endfunction()

heat_precompiled(library17 STANDARD 17 HEADERS)
heat_precompiled(library20 STANDARD 20 HEADERS)
heat_precompiled(program17 STANDARD 17 HEADERS <boost/program_options.hpp> LINKS Boost::program_options)
heat_precompiled(program20 STANDARD 20 HEADERS <boost/program_options.hpp> LINKS Boost::program_options)
heat_precompiled(torch20 STANDARD 20 HEADERS <ATen/ATen.h> LINKS ${TORCH_LIBRARIES})
if(HEAT_BUILD_TESTS)
  heat_precompiled(test17 STANDARD 17 HEADERS <gtest/gtest.h> LINKS GTest::gtest)
  heat_precompiled(test20 STANDARD 20 HEADERS <gtest/gtest.h> LINKS GTest::gtest)
endif()
