// The machines of the tests, and the files a test leaves.
#include <atomic>
#include <filesystem>
#include <string>

#include <unistd.h>

#include "base/atomic_file.h"
#include "spec/dram_image.h"
#include "tests/support/schedule_builder.h"

namespace heat::test_support {

spec::ArchSpec small_arch() {
  spec::ArchSpec arch;
  arch.name = "small";
  arch.file = "small.yaml";
  arch.clock_ghz = 1.0;
  arch.nop = {2, 2, 16.0, 5, 3};
  arch.noc = {2, 2, 16.0, 2, 1};
  arch.pe.lanes = 4;
  arch.pe.width = 4;
  arch.pe.weight_buffer = {spec::Bytes(512), 16.0, 16.0};
  arch.pe.input_buffer = {spec::Bytes(256), 16.0, 16.0};
  arch.pe.accumulation_buffer = {spec::Bytes(256), 16.0, 16.0};
  arch.pe.accumulator_bits = 24;
  arch.pe.compute_overhead_cycles = 4;
  arch.pe.ppu_elements_per_cycle = 4;
  arch.global_buffer = {spec::Bytes(8192), 16, 4, 32.0, 32.0};
  arch.vector_unit = {8, 10};
  arch.controller = {8, 4};
  arch.dma = {256, 4, 20};
  arch.signal_cycles = 10;
  arch.dram_ports.chiplets = {0};
  arch.dram_ports.bytes_per_cycle = 32.0;
  return arch;
}

spec::ArchSpec single_pe_arch() {
  spec::ArchSpec arch = small_arch();
  arch.name = "single-pe";
  arch.nop.width = arch.nop.height = 1;
  arch.noc.width = arch.noc.height = 1;
  return arch;
}

std::string temporary_folder() {
  static std::atomic<int> counter{0};
  const auto folder = std::filesystem::temp_directory_path() /
                      ("heat-test-" + std::to_string(::getpid()) + "-" + std::to_string(counter++));
  std::filesystem::create_directories(folder);
  return folder.string();
}

std::string write_schedule(BuiltSchedule& built, const std::string& folder, const std::string& name) {
  built.schedule.dram_image = name + ".bin";
  const std::string path = folder + "/" + name + ".json";
  built.schedule.data_crc32 = spec::data_crc32(built.schedule, built.image);
  base::write_file_atomically(folder + "/" + name + ".bin", std::string(built.image.begin(), built.image.end()));
  spec::save(built.schedule, path);
  built.schedule.file = path;
  return path;
}

}  // namespace heat::test_support
