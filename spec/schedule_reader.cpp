// JSON -> Schedule, through the reader that collects problems with their lines; then the structural checks.
#include <limits>
#include <optional>

#include "base/config_reader.h"
#include "spec/schedule.h"
#include "spec/schedule_checks.h"
#include "spec/schedule_fields.h"

namespace heat::spec {
namespace {

// Empty when the file is of another format: then nothing else in it means what it seems to.
std::optional<Schedule> read(const std::string& path, base::Problems& problems) {
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  const std::string format = r.text_or("format", "");
  if (format != kScheduleFormat) {
    r.problems().add(r.place("format"), "the file is of format '" + format + "', expected '" + kScheduleFormat +
                                            "'; write the schedule again with this program's heat-offline schedule");
    return std::nullopt;
  }
  Schedule s;
  s.file = path;
  s.dram_image = r.text_or("dram_image", "");
  const base::Range<std::int64_t> crc{0, std::numeric_limits<std::uint32_t>::max()};
  s.data_crc32 = static_cast<std::uint32_t>(s.dram_image.empty() ? r.integer_or("data_crc32", 0, crc)
                                                                 : r.integer("data_crc32", crc));
  WorkloadNames names;
  s.workload = read_workload(r.section("workload"), names);
  s.plan = read_plan(r.section("plan"), s.workload, names);
  r.finish();
  return s;
}

}  // namespace

std::optional<Schedule> read_schedule(const std::string& path, base::Problems& problems) {
  const std::size_t before = problems.list().size();
  std::optional<Schedule> schedule = read(path, problems);
  if (problems.list().size() != before) return std::nullopt;
  attach_homes(schedule->workload, schedule->plan);
  if (!check_structure(*schedule, problems)) return std::nullopt;
  return schedule;
}

Schedule Schedule::load(const std::string& path) {
  base::Problems problems;
  std::optional<Schedule> schedule = read_schedule(path, problems);
  problems.throw_if_any<base::ScheduleError>();
  return std::move(*schedule);
}

}  // namespace heat::spec
