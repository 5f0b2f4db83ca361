// What waited for what in a recorded run. Every command has six moments; a moment comes when all that it waits for have
// come, later by what is recorded beyond them.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "traces/run_replay.h"

namespace heat::traces {

enum Moment { kPushed, kStart, kSettled, kBegin, kFreed, kDone, kMoments };

class RecordedMoments {
 public:
  struct Edge {
    int to;
    std::int64_t lag;
  };
  struct Point {
    std::int64_t recorded = 0, expected = 0, extra = 0;
    int missing = 0;  // moments that must come before
    std::vector<Edge> out;
  };
  explicit RecordedMoments(const RecordedRun& run);

  static int id(int command, int moment) { return command * kMoments + moment; }
  std::vector<Point>& points() { return points_; }
  // Whether the command is a transfer in bursts: its moments from kSettled on come from those.
  bool by_bursts(int command) const { return with_bursts_.count(at(command).transfer) != 0; }

 private:
  const CommandRow& at(int command) const { return run_.commands[static_cast<std::size_t>(command)]; }
  Point& point(int id) { return points_[static_cast<std::size_t>(id)]; }
  void add(int from, int to, std::int64_t lag = 0);
  void add_command(int i);
  void add_units();
  void add_controllers();
  void add_push(const std::vector<int>& pushes, std::size_t k, int place);
  void add_signals(int i);

  const RecordedRun& run_;
  std::vector<Point> points_;
  std::set<std::int32_t> with_bursts_;
  std::map<int, UnitRow> unit_;
  std::map<int, std::vector<int>> of_unit_, signals_;
  std::map<std::pair<int, std::int64_t>, int> done_;  // by chiplet and cycle: a command that ended then
};

}  // namespace heat::traces
