// An independent verifier of command traces: replays them against the constraint table of the configuration, without
// any part of the engine.
//
// For every constraint it keeps the last commands of the `from` side in each bank, bank group, rank or channel and
// measures the slack of every command of the `to` side: cycles it came later than it had to. Negative slack is a
// violation. It also checks what no table row says: the state of banks and ranks, the command bus, the data bus, and
// that refreshes come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/dram/command_trace.h"
#include "spec/dram_spec.h"

namespace heat::dram {

struct Violation {
  int constraint = -1;  // index into DramSpec::constraints, -1: a rule outside the table
  std::string rule;     // the constraint's text, or the rule's
  CommandRecord first, second;
  std::int64_t first_line = 0, second_line = 0;  // 1-based position among the commands given, 0: none
  Cycle missing = 0;                             // cycles that `second` came too early
  std::string text() const;
};

struct ConstraintSlack {
  std::optional<Cycle> minimum;  // absent: the pair never occurred
  CommandRecord first, second;   // where the minimum was reached
};

struct CheckReport {
  std::int64_t commands = 0;
  std::int64_t violation_count = 0;
  std::vector<Violation> violations;    // the first max_violations
  std::vector<ConstraintSlack> slacks;  // by index into DramSpec::constraints
};

class CommandChecker {
 public:
  explicit CommandChecker(const spec::DramSpec& spec, std::size_t max_violations = 100);
  // Commands of one channel in order of time; channels may be interleaved. `line` is the place in the file, for
  // messages. Throws TraceError for a command that comes before one of its channel given earlier.
  void add(const CommandRecord& record, std::int64_t line);
  const CheckReport& report() const { return report_; }

 private:
  struct Seen {
    CommandRecord record;
    std::int64_t line = 0;
  };
  // The last `window` commands of a constraint's from side in one instance of its scope.
  struct History {
    std::vector<Seen> ring;
    std::size_t head = 0;
  };
  struct Bank {
    bool open = false;
    std::int64_t row = 0;
    Seen last;
  };
  struct Rank {
    bool powered_down = false, self_refresh = false;
    std::int64_t refreshes = 0;
    Cycle refresh_epoch = 0;
    Seen last;
  };

  std::size_t instances(spec::DramScope scope) const;
  std::size_t instance(spec::DramScope scope, const CommandRecord& r) const;
  // The instances of the scope that the command touches: one, or those of every bank that a per-bank refresh takes.
  template <class Visit>
  void for_each_instance(spec::DramScope scope, const CommandRecord& r, const Visit& visit) const;
  void check_timing(const Seen& now);
  void measure(std::size_t constraint, const History& history, const Seen& now);
  void remember(const Seen& now);
  void check_buses(const Seen& now);
  void check_state(const Seen& now);
  void check_bank_command(const Seen& now, Bank& bank);
  void check_bank_refresh(const Seen& now);
  void check_rank_command(const Seen& now, Rank& rank);
  void check_refresh(const Seen& now, Rank& rank);
  void violate(int constraint, const std::string& rule, const Seen& first, const Seen& second, Cycle missing);
  Bank& bank_of(const CommandRecord& r);
  Rank& rank_of(const CommandRecord& r);

  const spec::DramSpec spec_;
  std::size_t max_violations_;
  CheckReport report_;
  std::vector<std::vector<History>> history_;  // [constraint][instance]
  std::vector<std::vector<std::size_t>> by_from_, by_to_;
  std::vector<Bank> banks_;                                                      // [channel][bank]
  std::vector<Rank> ranks_;                                                      // [channel][rank]
  std::vector<Seen> last_, last_row_command_, last_column_command_, last_data_;  // by channel
};

}  // namespace heat::dram
