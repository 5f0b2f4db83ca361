// What a program image refuses to hold.
#include "sim/simba_l/program_image.h"

#include <gtest/gtest.h>

#include "firmware/include/simba_abi.h"
#include "tests/support/sample_schedules.h"

namespace heat::simba {
namespace {

// A GEMM of 1 x m x n x 1 in tiles of one element, all in one step of one chiplet.
spec::Schedule single_elements(const spec::ArchSpec& arch, std::int64_t m, std::int64_t n) {
  test_support::OneGemmOptions o;
  spec::GemmMapping map;
  map.gb_tile = map.pe_tile = {1, 1, 1, 1};
  o.mapping = map;
  spec::Schedule schedule = test_support::one_gemm(arch, 1, 4, 4, 1, o).schedule;
  schedule.workload.nodes.front().gemm->extents = {1, m, n, 1};
  schedule.plan.groups.front().extent = schedule.plan.groups.front().step = n;
  return schedule;
}

std::string problems_of(const spec::Schedule& schedule, const spec::ArchSpec& arch) {
  try {
    ProgramImage image(schedule, arch);
  } catch (const base::ScheduleError& e) {
    return e.what();
  }
  return {};
}

TEST(ProgramImage, TilesBeyondTheKeysOfJointLoadsThenTheNodeIsNamed) {
  const auto arch = test_support::single_pe_arch();
  EXPECT_EQ(problems_of(single_elements(arch, 1 << 15, 1 << 15), arch), "");
  const std::string text = problems_of(single_elements(arch, 1 << 15, (1 << 15) + 1), arch);
  EXPECT_NE(text.find("node 'gemm'"), std::string::npos) << text;
  EXPECT_NE(text.find("more than 1073741824 global-buffer tiles"), std::string::npos) << text;
  EXPECT_NE(problems_of(single_elements(arch, 0x7FFFFFFF, 0x7FFFFFFF), arch), "");  // a product beyond 2^62
}

}  // namespace
}  // namespace heat::simba
