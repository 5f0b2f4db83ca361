# install(EXPORT): find_package(heat) gives heat::spec, heat::traces and heat::dram.
