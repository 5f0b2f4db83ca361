// An idea stands in one room: whoever changes it there finds no second place. Words are looked for in code, without
// comments; tests and benchmarks may name what they try.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "tests/repo/source_tree.h"

namespace heat::repo {
namespace {

struct Idea {
  const char* name;
  std::regex words;
  std::vector<std::string> places;  // what paths begin with
};

const std::vector<Idea>& ideas() {
  static const std::vector<Idea> list{
      {"the shape of a PE",
       std::regex(
           R"re(\bpe\.(width|compute_overhead_cycles)\b|\b(lanes|weight_buffer|input_buffer|accumulation_buffer|accumulator_bits|ppu_elements_per_cycle|PeSpec|PeTileLimits)\b)re"),
       // The bounds of certificates share nothing with the machine's model.
       {"machines/", "spec/arch_spec", "offline/certificate/chip_bound.cpp", "sim/simba_l/send_engine.cpp",
        "sim/simba_l/compute_engine.cpp", "sim/simba_l/drain_engine.cpp"}},
      // Its firmware and its simulator are rooms of the machine; all else takes what machines/ makes of a file.
      {"a machine by its name", std::regex(R"re(\bsimba::|"machines/simba/)re"), {"machines/", "sim/simba_l/"}},
  };
  return list;
}

// The host's vectors have lanes, too.
bool excepted(const SourceFile& file) {
  return file.path == "offline/train/adamw.cpp";
}

bool names(const Idea& idea, const std::string& line) {
  return std::regex_search(without_comment(line), idea.words);
}

TEST(OneRoom, LinesAreReadAsMeant) {
  const Idea &shape = ideas()[0], &machine = ideas()[1];
  EXPECT_TRUE(names(shape, "const auto n = arch.pe.width;"));
  EXPECT_TRUE(names(shape, "request.lanes = 16;"));
  EXPECT_TRUE(names(shape, "half_of(weight_buffer)"));
  EXPECT_FALSE(names(shape, "x();  // a tile in the lanes of arch.pe.width"));
  EXPECT_FALSE(names(shape, "noc.width * type.name + weight_buffer_read"));
  EXPECT_TRUE(names(machine, "const machines::simba::Machine& m"));
  EXPECT_TRUE(names(machine, "#include \"machines/simba/shares.h\""));
  EXPECT_FALSE(names(machine, "run(\"simba-sim\", \"simba-l.yaml\")"));
}

TEST(OneRoom, WordsStandInTheirPlacesOnly) {
  for (const Idea& idea : ideas()) {
    std::set<std::string> used;
    for (const SourceFile& file : repository_files()) {
      if (!is_source(file.path) || has_prefix(file.path, "tests/") || has_prefix(file.path, "bench/")) continue;
      const auto place = std::find_if(idea.places.begin(), idea.places.end(),
                                      [&](const std::string& p) { return has_prefix(file.path, p); });
      for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (excepted(file) || !names(idea, file.lines[i])) continue;
        if (place != idea.places.end())
          used.insert(*place);
        else
          ADD_FAILURE() << file.path << ":" << i + 1 << " names " << idea.name << ": " << file.lines[i];
      }
    }
    EXPECT_EQ(used, std::set<std::string>(idea.places.begin(), idea.places.end())) << idea.name;
  }
}

}  // namespace
}  // namespace heat::repo
