# Everything comes from the distribution's packages (list in ./heat). A missing one stops here with its name.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(Boost REQUIRED COMPONENTS program_options)
find_package(zstd REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc)
find_package(Eigen3 QUIET NO_MODULE)
if(NOT TARGET Eigen3::Eigen)
  find_path(HEAT_EIGEN_INCLUDE Eigen/Core PATHS /usr/include/eigen3 REQUIRED)
  add_library(Eigen3::Eigen INTERFACE IMPORTED)
  target_include_directories(Eigen3::Eigen SYSTEM INTERFACE ${HEAT_EIGEN_INCLUDE})
endif()
find_package(Torch REQUIRED)

# Debian's libopencv-ml-dev ships no CMake package (it comes with the whole of OpenCV only).
find_path(HEAT_OPENCV_INCLUDE opencv2/ml.hpp PATHS /usr/include/opencv4 REQUIRED)
find_library(HEAT_OPENCV_ML_LIBRARY opencv_ml REQUIRED)
find_library(HEAT_OPENCV_CORE_LIBRARY opencv_core REQUIRED)
add_library(OpenCV::ml UNKNOWN IMPORTED)
set_target_properties(OpenCV::ml PROPERTIES IMPORTED_LOCATION ${HEAT_OPENCV_ML_LIBRARY}
  INTERFACE_LINK_LIBRARIES ${HEAT_OPENCV_CORE_LIBRARY})
target_include_directories(OpenCV::ml SYSTEM INTERFACE ${HEAT_OPENCV_INCLUDE})

# Debian's liblbfgs-dev ships no CMake package either.
find_path(HEAT_LBFGS_INCLUDE lbfgs.h REQUIRED)
find_library(HEAT_LBFGS_LIBRARY lbfgs REQUIRED)
add_library(LBFGS::lbfgs UNKNOWN IMPORTED)
set_target_properties(LBFGS::lbfgs PROPERTIES IMPORTED_LOCATION ${HEAT_LBFGS_LIBRARY})
target_include_directories(LBFGS::lbfgs SYSTEM INTERFACE ${HEAT_LBFGS_INCLUDE})

# GTKWave's FST writer has no package of its own; Debian's verilator ships its sources.
find_path(HEAT_FST_INCLUDE gtkwave/fstapi.h PATHS /usr/share/verilator/include REQUIRED)
set(HEAT_FST_SOURCES ${HEAT_FST_INCLUDE}/gtkwave)

include(HeatSystemC)

if(HEAT_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(HEAT_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
