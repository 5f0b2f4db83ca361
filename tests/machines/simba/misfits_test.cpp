#include "machines/simba/misfits.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/sample_schedules.h"

namespace heat::machines::simba {
namespace {

using test_support::small_arch;

TEST(Misfits, EveryCapacityHasItsMessage) {
  const spec::Schedule fits = test_support::encoder_layer(small_arch()).schedule;
  ASSERT_EQ(misfits(fits, small_arch()), std::vector<std::string>{});
  const auto found = [&](const std::function<void(spec::ArchSpec&)>& change) {
    spec::ArchSpec arch = small_arch();
    change(arch);
    std::string all;
    for (const auto& line : misfits(fits, arch)) all += line + "\n";
    return all;
  };
  EXPECT_NE(found([](spec::ArchSpec& a) { a.name = "other"; }).find("made for 'small', the architecture is 'other'"),
            std::string::npos);
  EXPECT_NE(found([](spec::ArchSpec& a) {
              a.global_buffer.capacity = spec::Bytes(1024);
            }).find("bytes of global buffer, small has 1024"),
            std::string::npos);
  EXPECT_NE(found([](spec::ArchSpec& a) { a.noc.width = 1; }).find("number of PEs is 4, small has 2"),
            std::string::npos);
  EXPECT_NE(found([](spec::ArchSpec& a) {
              a.pe.weight_buffer.capacity = spec::Bytes(16);
            }).find("weight tile of a PE (bytes)"),
            std::string::npos);
  EXPECT_NE(
      found([](spec::ArchSpec& a) { a.pe.input_buffer.capacity = spec::Bytes(16); }).find("input tile of a PE (bytes)"),
      std::string::npos);
  EXPECT_NE(found([](spec::ArchSpec& a) { a.pe.accumulation_buffer.capacity = spec::Bytes(6); }).find("small has 1"),
            std::string::npos);
}

TEST(Misfits, PesAlongEveryDimensionCount) {
  spec::Schedule s = test_support::one_gemm(small_arch(), 1, 8, 4, 16).schedule;
  spec::GemmMapping& m = s.plan.groups.front().nodes[0].mapping;
  m.pe_tile = {1, 4, 1, 4};
  m.spatial = {1, 1, 1, 4};
  EXPECT_EQ(misfits(s, small_arch()), std::vector<std::string>{});
  m.spatial.m = 2;
  const std::vector<std::string> found = misfits(s, small_arch());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("number of PEs is 8, small has 4"), std::string::npos) << found[0];
}

TEST(Misfits, ATileMayFillExactlyHalfABuffer) {
  spec::Schedule s = test_support::one_gemm(small_arch(), 1, 8, 4, 16).schedule;
  s.plan.groups.front().nodes[0].mapping.pe_tile = {1, 8, 1, 16};
  spec::ArchSpec arch = small_arch();
  arch.pe.weight_buffer.capacity = spec::Bytes(256);
  EXPECT_EQ(misfits(s, arch), std::vector<std::string>{});
  arch.pe.weight_buffer.capacity = spec::Bytes(255);
  EXPECT_EQ(misfits(s, arch).size(), 1u);
  arch.pe.weight_buffer.capacity = spec::Bytes(256);
  arch.pe.accumulation_buffer.capacity = spec::Bytes(48);  // 8 entries of 24 bits, twice
  EXPECT_EQ(misfits(s, arch), std::vector<std::string>{});
  arch.pe.accumulation_buffer.capacity = spec::Bytes(47);
  EXPECT_EQ(misfits(s, arch).size(), 1u);
}

}  // namespace
}  // namespace heat::machines::simba
