// The commands of heat-trace beside base/command_line.h: their name in the help and their result for machines.
#include "traces/cli/command.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace heat::traces::cli {

namespace po = boost::program_options;

base::CommandLine command_line(const std::string& line) {
  base::CommandLine result;
  result.program = "heat-trace";
  result.command = line.substr(0, line.find(' '));
  result.opening = "Usage: heat-trace " + line + "\n\n";
  return result;
}

void add_json_option(base::CommandLine& line) {
  line.options.add_options()("json", po::value<std::string>()->value_name("FILE"), "write the result for machines");
}

void write_json(const po::variables_map& values, const nlohmann::ordered_json& result) {
  if (values.count("json")) base::write_file_atomically(values["json"].as<std::string>(), result.dump(2) + "\n");
}

}  // namespace heat::traces::cli
