// Accesses of one address keep their order: a memory beside the engine is read and written in the order in which the engine
// issues, and every read must find what the last write accepted before it left.
#include <map>

#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using testing::spec_of;

struct Traffic {
  std::vector<Access> accesses;  // tag: index
  std::vector<Cycle> at;
};

Traffic few_lines(const spec::DramSpec& spec, std::uint64_t seed, int count, std::uint64_t lines,
                  std::uint64_t writes) {
  const AddressMapping mapping(spec);
  testing::Random random(seed);
  Traffic t;
  Cycle at = 0;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t address = random.below(lines) * 64 + random.below(3) * (std::uint64_t{1} << 19);
    at += static_cast<Cycle>(random.below(40) == 0 ? random.below(900) : random.below(4));
    t.accesses.push_back(
        {address / 64, mapping.decode(address).place, random.below(10) < writes, static_cast<std::uint64_t>(i)});
    t.at.push_back(at);
  }
  return t;
}

// A write's value is its index. Accepted in order, so whatever has a smaller index and is not done is queued.
void expect_ordered(const Traffic& traffic, const std::vector<Completion>& done, const std::string& what) {
  std::map<std::uint64_t, std::int64_t> memory, expected;
  std::map<std::uint64_t, std::map<std::uint64_t, std::int64_t>> queued;  // by line: write -> value it carries
  std::vector<std::int64_t> last_write(traffic.accesses.size());
  for (std::size_t i = 0; i < traffic.accesses.size(); ++i) {
    std::int64_t& value = expected.emplace(traffic.accesses[i].line, -1).first->second;
    if (traffic.accesses[i].write) value = static_cast<std::int64_t>(i);
    last_write[i] = value;
  }
  ASSERT_EQ(done.size(), traffic.accesses.size()) << what;
  std::size_t accepted = 0;
  const auto accept = [&](std::size_t end) {
    for (; accepted < end; ++accepted)
      if (traffic.accesses[accepted].write)
        queued[traffic.accesses[accepted].line][accepted] = static_cast<std::int64_t>(accepted);
  };
  int reads_after_writes = 0;
  for (const Completion& c : done) {
    const std::uint64_t line = traffic.accesses[c.tag].line;
    const bool by_queue = c.row_result == RowResult::kQueue;
    accept(static_cast<std::size_t>(c.tag) + (by_queue ? 0 : 1));
    auto& writes = queued[line];
    if (by_queue) {
      ASSERT_FALSE(writes.empty()) << what;
      auto& [carrier, value] = *writes.rbegin();
      if (c.write)
        value = static_cast<std::int64_t>(c.tag);
      else
        ASSERT_EQ(value, last_write[c.tag]) << what << ": read " << c.tag;
      accepted = std::max(accepted, static_cast<std::size_t>(c.tag) + 1);
    } else if (c.write) {
      memory[line] = writes.at(c.tag);
      writes.erase(c.tag);
    } else {
      const auto found = memory.find(line);
      ASSERT_EQ(found == memory.end() ? -1 : found->second, last_write[c.tag]) << what << ": read " << c.tag;
      reads_after_writes += last_write[c.tag] >= 0;
    }
  }
  for (const auto& [line, writes] : queued) EXPECT_TRUE(writes.empty()) << what;
  for (const auto& [line, value] : expected)
    if (value >= 0) {
      EXPECT_EQ(memory[line], value) << what;
    }
  EXPECT_GT(reads_after_writes, 0) << what;
}

TEST(Hazards, AccessesOfOneAddressKeepTheirOrderInEveryMode) {
  for (const char* forward : {"true", "false"})
    for (const char* merge : {"true", "false"})
      for (const char* page : {"open", "closed", "adaptive"})
        for (const char* wait : {"0", "60", "2000"})
          for (const std::uint64_t writes : {2, 5, 8}) {
            const spec::DramSpec spec =
                spec_of("ddr4-3200.yaml", {{"row_hit_cap: 0", std::string("row_hit_cap: 0\n  forward_reads: ") +
                                                                  forward + "\n  merge_writes: " + merge},
                                           {"page_policy: open", std::string("page_policy: ") + page},
                                           {"max_wait_cycles: 2000", std::string("max_wait_cycles: ") + wait}});
            const Traffic traffic = few_lines(spec, writes * 7 + 1, 4000, 12, writes);
            Controller engine(spec);
            for (std::size_t i = 0; i < traffic.accesses.size(); ++i)
              engine.enqueue(traffic.accesses[i], traffic.at[i]);
            engine.drain();
            expect_ordered(traffic, engine.completions(),
                           std::string("forward ") + forward + ", merge " + merge + ", " + page + ", wait " + wait +
                               ", writes " + std::to_string(writes));
          }
}

TEST(Hazards, ReadBehindAWriteOfItsAddressWaitsWithoutForwarding) {
  const spec::DramSpec spec =
      spec_of("reference/ddr4-m1.yaml", {{"row_hit_cap: 0", "row_hit_cap: 0\n  forward_reads: false"}});
  Controller engine(spec);
  const AddressMapping mapping(spec);
  // Another read keeps the bus with the reads while write and read of one address wait.
  for (const auto& [write, address, tag] :
       {std::tuple<bool, std::uint64_t, std::uint64_t>{false, 1 << 17, 0}, {true, 640, 1}, {false, 640, 2}})
    engine.enqueue({address / 64, mapping.decode(address).place, write, tag}, 0);
  engine.drain();
  Cycle issue[3] = {};
  for (const Completion& c : engine.completions()) issue[c.tag] = c.issue;
  EXPECT_GT(issue[2], issue[1]);
}

}  // namespace
}  // namespace heat::dram
