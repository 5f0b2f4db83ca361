// Units of time and the text of a small VCD.
#include "traces/waveform.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "tests/traces/sample_run.h"

namespace heat::traces {
namespace {

TEST(Waveform, TimescaleIsTheCoarsestInWhichACycleIsWhole) {
  const auto scale = [](double clock_ghz) {
    const WaveTimescale s = wave_timescale(clock_ghz);
    return std::pair(s.exponent, s.ticks_per_cycle);
  };
  EXPECT_EQ(scale(1), std::pair(-9, std::int64_t{1}));
  EXPECT_EQ(scale(2), std::pair(-10, std::int64_t{5}));
  EXPECT_EQ(scale(0.5), std::pair(-9, std::int64_t{2}));
  EXPECT_EQ(scale(0.1), std::pair(-8, std::int64_t{1}));
  EXPECT_EQ(scale(1.6), std::pair(-12, std::int64_t{625}));
  EXPECT_EQ(scale(3), std::pair(-15, std::int64_t{333333}));
}

TEST(Waveform, VcdIsWhatTheStandardSays) {
  testing::TemporaryFolder folder;
  Waveform w;
  w.program = "test 1";
  w.clock_ghz = 2;
  w.signals = {{"a.b.state", SignalType::kText},
               {"a.b.busy", SignalType::kBit},
               {"a.count", SignalType::kInteger},
               {"rate", SignalType::kReal}};
  w.texts = {"idle", "two words"};
  w.changes = {{0, 0, 0}, {0, 1, 0}, {0, 2, 0}, {0, 3, 0.5}, {3, 0, 1}, {3, 1, 1}, {7, 2, 10}};
  w.end_cycle = 9;
  write_waveform(folder.file("w.vcd"), WaveFormat::kVcd, w);
  EXPECT_EQ(base::read_file(folder.file("w.vcd")),
            "$version test 1 $end\n$timescale 100 ps $end\n"
            "$scope module a $end\n$scope module b $end\n"
            "$var string 1 ! state $end\n$var wire 1 \" busy $end\n$upscope $end\n"
            "$var integer 32 # count $end\n$upscope $end\n$var real 64 $ rate $end\n"
            "$enddefinitions $end\n"
            "#0\n$dumpvars\nsidle !\n0\"\nb0 #\nr0.5 $\n$end\n#15\nstwo_words !\n1\"\n#35\nb1010 #\n#45\n");
}

TEST(Waveform, FilesThatCannotBeOpenedAreNamed) {
  for (WaveFormat format : {WaveFormat::kVcd, WaveFormat::kFst}) {
    try {
      write_waveform("/proc/none/w", format, {});
      FAIL() << "no error";
    } catch (const base::FileError& e) {
      EXPECT_NE(std::string(e.what()).find("/proc/none/w"), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace heat::traces
