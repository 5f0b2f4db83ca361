// Any line is a command or a TraceError; any sequence of commands is checked without incident.
#include <sstream>

#include "base/errors.h"
#include "sim/dram/checker.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const heat::spec::DramSpec spec =
      heat::spec::load_dram_spec(std::string(HEAT_SOURCE_DIR) + "/configs/dram/lpddr5-6400.yaml");
  heat::dram::CommandChecker checker(spec, 8);
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  std::int64_t line = 0;
  for (std::string text; std::getline(in, text);) {
    try {
      checker.add(heat::dram::parse_command(text, spec.organization, "fuzz"), ++line);
    } catch (const heat::base::TraceError&) {
    }
  }
  return 0;
}
