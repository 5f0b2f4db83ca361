// Who may include whom (docs/architecture.md): every #include of the tree against one table.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "tests/repo/source_tree.h"

namespace heat::repo {
namespace {

struct Room {
  std::string folder;                    // what its files' paths begin with; a room within a room comes first
  std::vector<std::string> may_include;  // folders (ending in '/') and single headers, beside itself
  bool systemc = false;
};

const std::vector<Room>& rooms() {
  static const std::vector<Room> table{
      {"base/", {}, false},
      {"spec/", {"base/"}, false},
      {"firmware/", {}, false},
      {"machines/simba/",
       {"base/", "spec/", "firmware/include/", "machines/machine.h", "machines/calibration.h"},
       false},
      {"machines/storage_levels/", {"base/", "spec/"}, false},
      // The one place that names the machines.
      {"machines/make_machine.", {"base/", "spec/", "machines/"}, false},
      {"machines/", {"base/", "spec/"}, false},
      {"traces/", {"base/", "spec/", "sim/dram/address_mapping.h", "sim/dram/controller.h"}, false},
      {"sim/dram/", {"base/", "spec/"}, true},
      // sim/dram's public headers; the writer of the run database; the firmware's ABI and the HAL it is built behind.
      {"sim/simba_l/",
       {"base/", "spec/", "machines/simba/", "sim/dram/dram.h", "sim/dram/requester.h", "traces/writer.h",
        "traces/schema.h", "traces/waveform.h", "firmware/include/", "firmware/hal/host/host_hal.h"},
       true},
      {"offline/mapper/",
       {"base/", "spec/", "machines/machine.h", "machines/objective.h", "machines/storage_levels/"},
       false},
      // It confirms what a search found, so it shares nothing with the search.
      {"offline/certificate/",
       {"base/", "spec/", "machines/machine.h", "machines/objective.h", "machines/calibration.h",
        "offline/schedule/gemm_problem.h"},
       false},
      {"offline/",
       {"base/", "spec/", "machines/machine.h", "machines/make_machine.h", "machines/calibration.h",
        "machines/objective.h", "machines/storage_levels/", "traces/reader.h", "traces/schema.h", "offline/mapper/",
        "offline/certificate/"},
       false},
      {"bench/", {"base/", "spec/", "machines/", "sim/", "traces/", "offline/"}, true},
      {"tests/", {"base/", "spec/", "machines/", "firmware/", "sim/", "traces/", "offline/"}, true},
  };
  return table;
}

const Room* room_of(const std::string& path) {
  for (const Room& room : rooms()) {
    if (has_prefix(path, room.folder)) return &room;
  }
  return nullptr;
}

// Why `include` is not allowed; nothing when it is. `target`: the file it means, nothing when there is none.
std::optional<std::string> objection(const Include& include, const std::optional<std::string>& target) {
  const Room* room = room_of(include.from);
  if (room == nullptr) return "lies in no room";
  if (include.system) {
    const bool systemc = has_prefix(include.what, "systemc") || has_prefix(include.what, "tlm");
    if (systemc && !room->systemc) return "includes SystemC";
    return std::nullopt;
  }
  if (!target) return "means no file of the repository (includes start at its root)";
  if (room_of(*target) == room) return std::nullopt;
  for (const auto& allowed : room->may_include) {
    if (*target == allowed || (has_suffix(allowed, "/") && has_prefix(*target, allowed))) return std::nullopt;
  }
  return "may not include that";
}

std::optional<std::string> resolve(const Include& include) {
  namespace fs = std::filesystem;
  const fs::path root = HEAT_SOURCE_DIR;
  if (fs::exists(root / include.what)) return fs::path(include.what).lexically_normal().generic_string();
  return std::nullopt;
}

std::vector<Include> all_includes() {
  std::vector<Include> all;
  for (const auto& file : repository_files()) {
    if (!is_source(file.path) || has_prefix(file.path, "tests/repo/consumer/")) continue;  // includes an installation
    for (auto& include : includes_of(file)) all.push_back(std::move(include));
  }
  return all;
}

// The names of a cycle in `arrows`, or nothing.
std::vector<std::string> cycle_in(const std::map<std::string, std::set<std::string>>& arrows) {
  std::vector<std::string> path;
  std::set<std::string> done;
  std::function<bool(const std::string&)> visit = [&](const std::string& name) {
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (path[i] != name) continue;
      path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
    if (!done.insert(name).second) return false;
    path.push_back(name);
    const auto found = arrows.find(name);
    if (found != arrows.end()) {
      for (const auto& next : found->second) {
        if (visit(next)) return true;
      }
    }
    path.pop_back();
    return false;
  };
  for (const auto& arrow : arrows) {
    if (visit(arrow.first)) return path;
  }
  return {};
}

// "offline/mapper" of "offline/mapper/search.h"; "sim/dram" alike.
std::string sub_room(const std::string& path) {
  return path.substr(0, path.find('/', path.find('/') + 1));
}

TEST(IncludeGraph, EveryArrowIsAllowed) {
  int arrows = 0;
  for (const Include& include : all_includes()) {
    const auto wrong = objection(include, resolve(include));
    EXPECT_FALSE(wrong) << include.from << ":" << include.line << ": '" << include.what << "': " << wrong.value_or("");
    arrows += !include.system;
  }
  EXPECT_GT(arrows, 200);
}

TEST(IncludeGraph, OfflineRoomsFormNoCycle) {
  std::map<std::string, std::set<std::string>> arrows;
  for (const Include& include : all_includes()) {
    if (!has_prefix(include.from, "offline/") || !has_prefix(include.what, "offline/")) continue;
    const std::string from = sub_room(include.from), to = sub_room(include.what);
    if (from != to) arrows[from].insert(to);
  }
  EXPECT_GE(arrows.size(), 2u);
  std::string text;
  for (const auto& name : cycle_in(arrows)) text += name + " -> ";
  EXPECT_EQ(text, "");
}

// The drawing of offline/ in docs/architecture.md: the fence that starts with "cli". A line of one name is all the width's.
enum class Side { kBoth, kLeft, kRight };
struct Place {
  std::size_t level = 0;  // from the top
  Side side = Side::kBoth;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

std::map<std::string, Place> places_in(const std::vector<std::string>& lines) {
  std::map<std::string, Place> places;
  for (std::size_t l = 0; l < lines.size(); ++l) {
    const auto bar = lines[l].find('|');
    if (bar == std::string::npos) {
      places[trimmed(lines[l])] = {l, Side::kBoth};
    } else {
      places[trimmed(lines[l].substr(0, bar))] = {l, Side::kLeft};
      places[trimmed(lines[l].substr(bar + 1))] = {l, Side::kRight};
    }
  }
  return places;
}

std::vector<std::string> drawn_lines() {
  std::vector<std::string> lines;
  for (const auto& file : repository_files()) {
    if (file.path != "docs/architecture.md") continue;
    bool inside = false;
    for (std::size_t l = 1; l < file.lines.size(); ++l) {
      if (file.lines[l - 1] == "```" && trimmed(file.lines[l]) == "cli") inside = true;
      if (inside && file.lines[l] == "```") return lines;
      if (inside) lines.push_back(file.lines[l]);
    }
  }
  return lines;
}

bool goes_down(const Place& from, const Place& to) {
  return from.level < to.level && (from.side == Side::kBoth || to.side == Side::kBoth || from.side == to.side);
}

TEST(IncludeGraph, OfflineGoesDownItsDrawing) {
  const std::map<std::string, Place> places = places_in(drawn_lines());
  const auto room = [](const std::string& path) { return sub_room(path).substr(std::string("offline/").size()); };
  std::set<std::string> rooms;
  for (const Include& include : all_includes()) {
    if (!has_prefix(include.from, "offline/")) continue;
    const std::string from = room(include.from);
    rooms.insert(from);
    if (!has_prefix(include.what, "offline/") || room(include.what) == from) continue;
    const auto f = places.find(from), t = places.find(room(include.what));
    ASSERT_TRUE(f != places.end() && t != places.end()) << include.from << " -> " << include.what << " is not drawn";
    EXPECT_TRUE(goes_down(f->second, t->second)) << include.from << ":" << include.line << ": '" << include.what
                                                 << "' goes against the drawing in docs/architecture.md";
  }
  for (const auto& place : places) EXPECT_TRUE(rooms.count(place.first)) << place.first << " is drawn, and is no room";
  EXPECT_GT(rooms.size(), 10u);
}

TEST(IncludeGraph, DrawingIsReadAsMeant) {
  const std::map<std::string, Place> places = places_in({"   top", "left | right", "lower  |  other", "base"});
  const auto down = [&](const char* from, const char* to) { return goes_down(places.at(from), places.at(to)); };
  EXPECT_TRUE(down("top", "left") && down("top", "base") && down("left", "lower") && down("other", "base"));
  EXPECT_FALSE(down("left", "right") || down("left", "other") || down("right", "lower"));
  EXPECT_FALSE(down("base", "top") || down("lower", "left") || down("top", "top"));
}

TEST(IncludeGraph, ForbiddenArrowsAreSeen) {
  const auto refused = [](const std::string& from, const std::string& what, bool system = false) {
    return objection({from, 1, what, system}, what).has_value();
  };
  EXPECT_TRUE(refused("spec/units.h", "traces/reader.h"));
  EXPECT_TRUE(refused("firmware/src/commands.c", "spec/units.h"));
  EXPECT_TRUE(refused("machines/simba/x.cpp", "offline/mapper/search.h"));
  EXPECT_TRUE(refused("spec/x.cpp", "machines/simba/shares.h"));
  EXPECT_TRUE(refused("offline/mapper/x.cpp", "machines/simba/shares.h"));
  EXPECT_TRUE(refused("offline/mapper/x.cpp", "offline/schedule/planner.h"));
  EXPECT_TRUE(refused("offline/certificate/x.cpp", "offline/mapper/search.h"));
  EXPECT_TRUE(refused("machines/cost.cpp", "machines/simba/shares.h"));
  EXPECT_TRUE(refused("traces/reader.cpp", "sim/dram/dram.h"));
  EXPECT_TRUE(refused("sim/dram/dram.cpp", "traces/writer.h"));
  EXPECT_TRUE(refused("sim/simba_l/pe.cpp", "sim/dram/controller.h"));
  EXPECT_TRUE(refused("sim/simba_l/pe.cpp", "traces/reader.h"));
  EXPECT_TRUE(refused("offline/loop/x.cpp", "traces/writer.h"));
  EXPECT_TRUE(refused("offline/loop/x.cpp", "sim/simba_l/pe.h"));
  EXPECT_TRUE(refused("offline/loop/x.cpp", "systemc", true));
  EXPECT_TRUE(refused("spec/x.cpp", "tlm_utils/simple_initiator_socket.h", true));
  EXPECT_TRUE(refused("offline/loop/x.cpp", "tests/support/random.h"));
  EXPECT_TRUE(refused("elsewhere/x.cpp", "spec/units.h"));
  EXPECT_TRUE(objection({"spec/x.cpp", 1, "units.h", false}, std::nullopt));
  EXPECT_FALSE(refused("offline/loop/x.cpp", "traces/reader.h"));
  EXPECT_FALSE(refused("offline/mapper/x.cpp", "machines/machine.h"));
  EXPECT_FALSE(refused("offline/loop/x.cpp", "machines/make_machine.h"));
  EXPECT_TRUE(refused("offline/loop/x.cpp", "machines/simba/machine.h"));
  EXPECT_FALSE(refused("machines/make_machine.cpp", "machines/simba/machine.h"));
  EXPECT_FALSE(refused("sim/simba_l/pe.cpp", "sim/dram/dram.h"));
  EXPECT_FALSE(refused("sim/simba_l/pe.cpp", "systemc", true));
  EXPECT_FALSE(refused("offline/loop/x.cpp", "offline/mapper/search.h"));
}

TEST(IncludeGraph, CyclesAreFound) {
  EXPECT_TRUE(cycle_in({{"a", {"b", "c"}}, {"b", {"c"}}}).empty());
  EXPECT_EQ(cycle_in({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}), (std::vector<std::string>{"b", "c"}));
}

TEST(IncludeGraph, IncludesAreReadAsTheCompilerReadsThem) {
  const SourceFile file{"x.cpp", {"#include \"a/b.h\"  // why", "  # include <c>", "// #include \"d.h\"", "int e;"}};
  const auto list = includes_of(file);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].what, "a/b.h");
  EXPECT_FALSE(list[0].system);
  EXPECT_EQ(list[1].what, "c");
  EXPECT_TRUE(list[1].system);
  EXPECT_EQ(list[1].line, 2);
}

}  // namespace
}  // namespace heat::repo
