# Functions by which every folder declares its library, programs and tests.

# Options every target of ours gets; nothing is set globally.
add_library(heat_options INTERFACE)
target_compile_options(heat_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow
                       # Programs too, so that they can share the libraries' precompiled headers.
                       -fPIC
                       # A square root that sets errno cannot be vectorised; nothing here reads errno after mathematics.
                       -fno-math-errno
                       # GCC 12 warns of overlapping copies in "text" + std::string (its bug 105651).
                       $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
if(HEAT_WARNINGS_AS_ERRORS)
  # Warnings that GCC derives from inlined code are shown, but false alarms at -O3 do not stop the build.
  target_compile_options(heat_options INTERFACE -Werror
    $<$<CXX_COMPILER_ID:GNU>:-Wno-error=stringop-overflow -Wno-error=stringop-overread -Wno-error=array-bounds
    -Wno-error=maybe-uninitialized -Wno-error=free-nonheap-object>)
endif()
if(HEAT_SANITIZE)
  target_compile_options(heat_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer
                         -fno-sanitize-recover=undefined)
  target_link_options(heat_options INTERFACE -fsanitize=address,undefined)
endif()
target_compile_definitions(heat_options INTERFACE HEAT_VERSION="${PROJECT_VERSION}")

# Release compiles with -O3 what the level pays for. heat_optimize(<target> <level>) sets another level there.
function(heat_optimize target level)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O${level}>)
endfunction()

# heat_library(<name> STANDARD 17|20 SOURCES ... LINKS ... [PRIVATE_LINKS ...] [PRECOMPILED <kind>] [HOT])
# Defines target heat_<name> with the alias heat::<name>. Includes are relative to the repository's root
# ("spec/units.h"), so that an include names the room it comes from. PRECOMPILED is a kind of HeatPrecompiled.cmake
# other than library<standard>. HOT: its loops are where commands spend their time, so Release gives it -O3, others -O2.
function(heat_library name)
  cmake_parse_arguments(ARG "HOT" "STANDARD;PRECOMPILED" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(heat_${name} STATIC ${ARG_SOURCES})
  add_library(heat::${name} ALIAS heat_${name})
  set_target_properties(heat_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(heat_${name} PUBLIC cxx_std_${ARG_STANDARD})
  target_include_directories(heat_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/heat>)
  target_link_libraries(heat_${name} PUBLIC ${ARG_LINKS} PRIVATE $<BUILD_INTERFACE:heat_options> ${ARG_PRIVATE_LINKS})
  if(NOT ARG_HOT)
    heat_optimize(heat_${name} 2)
  endif()
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED library${ARG_STANDARD})
  endif()
  heat_precompile(heat_${name} ${ARG_PRECOMPILED})
endfunction()

# heat_program(<name> STANDARD 17|20 SOURCES ... LINKS ... [PRECOMPILED <kind>] [INTERNAL])  builds bin/<name> and
# installs it. INTERNAL: other programs run it, people do not, so that it needs no page and keeps no contract of its own.
# Its sources read options and write results; what takes time lies in libraries, so Release gives it -O1.
function(heat_program name)
  cmake_parse_arguments(ARG "INTERNAL" "STANDARD;PRECOMPILED" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_features(${name} PRIVATE cxx_std_${ARG_STANDARD})
  target_link_libraries(${name} PRIVATE heat_options ${ARG_LINKS})
  heat_optimize(${name} 1)
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED program${ARG_STANDARD})
  endif()
  heat_precompile(${name} ${ARG_PRECOMPILED})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(NOT ARG_INTERNAL)
    set_property(GLOBAL APPEND PROPERTY HEAT_PROGRAMS ${name})
  endif()
endfunction()

# heat_test(<name> LABEL unit|timing|golden|e2e STANDARD 17|20 SOURCES ... LINKS ... [DEPENDS programs...]
#           [PRECOMPILED <kind>] [PER_CASE])
# One GoogleTest executable. By default the whole executable is one ctest entry (a process start that loads LibTorch
# costs a second); PER_CASE registers every case on its own. Tests find programs in $HEAT_BIN_DIR and sources
# in $HEAT_SOURCE_DIR.
function(heat_test name)
  cmake_parse_arguments(ARG "PER_CASE" "LABEL;STANDARD;TIMEOUT;PRECOMPILED" "SOURCES;LINKS;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_features(${name} PRIVATE cxx_std_${ARG_STANDARD})
  target_link_libraries(${name} PRIVATE heat_options GTest::gtest_main ${ARG_LINKS})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  heat_optimize(${name} 1)
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED test${ARG_STANDARD})
  endif()
  heat_precompile(${name} ${ARG_PRECOMPILED})
  target_compile_definitions(${name} PRIVATE
    HEAT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" HEAT_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(ARG_PER_CASE)
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120 PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  else()
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  endif()
endfunction()
