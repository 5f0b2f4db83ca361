// Row and column are given for the commands that use them only; rank commands give the rank only.
#include "sim/dram/command_trace.h"

#include <cerrno>
#include <cstring>
#include <sstream>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::dram {

using C = spec::DramCommand;

CommandTraceWriter::CommandTraceWriter(const std::string& path, const spec::DramSpec& spec)
    : organization_(spec.organization),
      path_(path),
      temporary_(base::temporary_name(path)),
      file_(std::fopen(temporary_.c_str(), "w")) {
  if (!file_) throw base::FileError(temporary_ + ": cannot be written (" + std::strerror(errno) + ")");
  std::fprintf(file_, "%s\n", kCommandTraceHeader);
}

CommandTraceWriter::~CommandTraceWriter() {
  if (!file_) return;
  std::fclose(file_);
  std::remove(temporary_.c_str());
}

void CommandTraceWriter::write(const CommandRecord& r) {
  const Place& p = r.place;
  std::fprintf(file_, "%lld %d %s %d", static_cast<long long>(r.cycle), r.channel, spec::name(r.command), p.rank);
  if (spec::is_rank_command(r.command)) {
    std::fputs(" - - - -\n", file_);
    return;
  }
  std::fprintf(file_, " %d %d", p.bank_group % organization_.bank_groups, p.bank % organization_.banks_per_group);
  if (r.command == C::kAct)
    std::fprintf(file_, " %lld -\n", static_cast<long long>(p.row));
  else if (spec::is_column(r.command))
    std::fprintf(file_, " %lld %lld\n", static_cast<long long>(p.row), static_cast<long long>(p.column));
  else
    std::fputs(" - -\n", file_);
}

void CommandTraceWriter::commit() {
  const bool good = std::ferror(file_) == 0;
  if (std::fclose(file_) != 0 || !good) {
    file_ = nullptr;
    std::remove(temporary_.c_str());
    throw base::FileError(path_ + ": cannot be written (" + std::strerror(errno) + ")");
  }
  file_ = nullptr;
  base::commit_file(temporary_, path_);
}

CommandRecord parse_command(const std::string& line, const spec::DramOrganization& o, const std::string& place) {
  const auto fail = [&](const std::string& message) -> void {
    throw base::TraceError(place + ": " + message + " in '" + line.substr(0, 80) + "'");
  };
  std::istringstream in(line);
  std::string words[8], extra;
  for (std::string& w : words)
    if (!(in >> w)) fail("expected eight words (cycle channel command rank bank_group bank row column)");
  if (in >> extra) fail("unexpected ninth word");
  const auto number = [&](const std::string& word, const char* what, std::int64_t end) {
    std::int64_t value = 0;
    bool good = !word.empty() && word.size() < 19;
    for (const char c : word) {
      good = good && c >= '0' && c <= '9';
      if (good) value = value * 10 + (c - '0');
    }
    if (!good || value >= end) fail(std::string(what) + " '" + word + "' is not a number below " + std::to_string(end));
    return value;
  };
  CommandRecord r;
  r.cycle = number(words[0], "cycle", kNever);
  r.channel = static_cast<int>(number(words[1], "channel", o.channels));
  const auto command = spec::dram_command_of(words[2]);
  if (!command) fail("'" + words[2] + "' is no command");
  r.command = *command;
  r.place.rank = static_cast<std::int32_t>(number(words[3], "rank", o.ranks));
  r.place.bank_group = r.place.rank * o.bank_groups;
  if (!spec::is_rank_command(r.command)) {
    r.place.bank_group += static_cast<std::int32_t>(number(words[4], "bank_group", o.bank_groups));
    r.place.bank =
        r.place.bank_group * o.banks_per_group + static_cast<std::int32_t>(number(words[5], "bank", o.banks_per_group));
  } else {
    r.place.bank = r.place.bank_group * o.banks_per_group;
  }
  if (r.command == C::kAct || spec::is_column(r.command)) r.place.row = number(words[6], "row", o.rows);
  if (spec::is_column(r.command)) r.place.column = number(words[7], "column", o.columns);
  return r;
}

}  // namespace heat::dram
