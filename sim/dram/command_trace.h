// The text form of a command trace: a header line, then one line a command:
//   cycle channel command rank bank_group bank row column      (bank group in its rank, bank in its group)
// with - where a command has no such coordinate.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "sim/dram/controller.h"
#include "spec/dram_spec.h"

namespace heat::dram {

constexpr const char* kCommandTraceHeader = "# cycle channel command rank bank_group bank row column";

struct CommandRecord {
  Cycle cycle = 0;
  int channel = 0;
  spec::DramCommand command = spec::DramCommand::kAct;
  Place place;  // bank_group and bank counted through the channel
};

// Writes to a temporary file beside `path`; commit() puts it in place. Lines of one channel are in cycle order;
// channels follow one another in blocks.
class CommandTraceWriter {
 public:
  CommandTraceWriter(const std::string& path, const spec::DramSpec& spec);
  ~CommandTraceWriter();
  void write(const CommandRecord& record);
  void commit();

 private:
  const spec::DramOrganization organization_;
  std::string path_, temporary_;
  std::FILE* file_;
};

// One line. Throws TraceError with `place` ("file:line") in front.
CommandRecord parse_command(const std::string& line, const spec::DramOrganization& organization,
                            const std::string& place);

}  // namespace heat::dram
