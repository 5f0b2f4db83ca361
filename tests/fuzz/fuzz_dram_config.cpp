// Any text is a DRAM description or a ConfigError. The first byte chooses between a device file (read against a shipped
// constraint table) and a constraint table (read for a shipped device).
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "sim/dram/address_mapping.h"
#include "sim/dram/timing_table.h"

namespace {

void use(const heat::spec::DramSpec& spec) {
  const heat::dram::AddressMapping mapping(spec);
  for (std::uint64_t address = 0; address < mapping.capacity_bytes(); address = address * 2 + 4097)
    if (mapping.encode(mapping.decode(address)) != address >> mapping.offset_bits() << mapping.offset_bits())
      __builtin_trap();
  heat::dram::TimingTable table(spec);
  table.issue(heat::spec::DramCommand::kAct, 0, 100);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string folder = std::string(HEAT_SOURCE_DIR) + "/configs/dram/";
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] % 2 == 0) {
      use(heat::spec::parse_dram_spec(text, folder + "fuzz.yaml"));
      return 0;
    }
    static const std::string table = "/tmp/heat_fuzz_" + std::to_string(::getpid()) + ".yaml";
    static const std::string device = [&] {
      std::string t = heat::base::read_file(folder + "lpddr5-6400.yaml");
      const std::string key = "standards/lpddr5.yaml";
      return t.replace(t.find(key), key.size(), table);
    }();
    if (std::FILE* f = std::fopen(table.c_str(), "wb")) {
      std::fwrite(text.data(), 1, text.size(), f);
      std::fclose(f);
    }
    use(heat::spec::parse_dram_spec(device, folder + "fuzz.yaml"));
  } catch (const heat::base::ConfigError&) {
  }
  return 0;
}
