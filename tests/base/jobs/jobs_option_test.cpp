#include "base/jobs/jobs_option.h"

#include <gtest/gtest.h>

#include <set>

#include "base/errors.h"
#include "base/jobs/parallel_for.h"

namespace heat::base {
namespace {

TEST(JobsOption, EveryFormThenBackendAndCount) {
  const auto read = [](const char* text) { return parse_jobs(text, JobsBackend::kProcesses, "--jobs"); };
  EXPECT_EQ(read("threads").backend, JobsBackend::kThreads);
  EXPECT_EQ(read("threads").count, 0);
  EXPECT_EQ(read("threads:3").count, 3);
  EXPECT_EQ(read("processes:12").backend, JobsBackend::kProcesses);
  EXPECT_EQ(read("processes:12").count, 12);
  EXPECT_EQ(read("slurm").backend, JobsBackend::kSlurm);
  EXPECT_EQ(read("slurm:4096").count, 4096);
  EXPECT_EQ(read("5").backend, JobsBackend::kProcesses);
  EXPECT_EQ(parse_jobs("5", JobsBackend::kThreads, "--jobs").backend, JobsBackend::kThreads);
  EXPECT_EQ(read("5").count, 5);
  for (const char* text : {"threads", "threads:3", "processes:12", "slurm:7"}) EXPECT_EQ(jobs_text(read(text)), text);
}

TEST(JobsOption, WrongTextThenErrorNamesPlaceValueAndGrammar) {
  for (const char* text : {"", "thread", "threads:", "threads:0", "threads:-1", "threads:2x", "slurm:4097", "0", "2 ",
                           "threads:2:3", "pbs:4"}) {
    try {
      parse_jobs(text, JobsBackend::kThreads, "--jobs");
      ADD_FAILURE() << text;
    } catch (const ConfigError& e) {
      EXPECT_EQ(std::string(e.what()).rfind("--jobs: '" + std::string(text) + "'", 0), 0u) << e.what();
      EXPECT_NE(std::string(e.what()).find("threads[:N], processes[:N], slurm[:N]"), std::string::npos);
    }
  }
}

TEST(JobsOption, ConfigurationKeyThenSameGrammarAndProblemsNameTheLine) {
  Problems problems;
  ConfigReader good = ConfigReader::parse("jobs: slurm:3\n", "c.yaml", problems);
  const JobsOption one{JobsBackend::kProcesses, 1, {}};
  EXPECT_EQ(jobs_text(read_jobs(good, "jobs", one)), "slurm:3");
  ConfigReader number = ConfigReader::parse("jobs: 2\n", "c.yaml", problems);
  EXPECT_EQ(jobs_text(read_jobs(number, "jobs", one)), "processes:2");
  EXPECT_EQ(jobs_text(read_jobs(number, "absent", one)), "processes:1");
  EXPECT_TRUE(problems.empty());
  ConfigReader bad = ConfigReader::parse("jobs: many\n", "c.yaml", problems);
  read_jobs(bad, "jobs", one);
  ASSERT_EQ(problems.list().size(), 1u);
  EXPECT_NE(problems.list()[0].find("c.yaml:1"), std::string::npos) << problems.list()[0];
  EXPECT_NE(problems.list()[0].find("'many'"), std::string::npos);
}

TEST(JobsOption, ProcessesThenTheirThreadsTogetherAreTheCores) {
  const int cores = thread_count(0);
  EXPECT_EQ((JobsOption{JobsBackend::kProcesses, cores, {}}.threads_per_job()), 1);
  EXPECT_EQ((JobsOption{JobsBackend::kProcesses, 1, {}}.threads_per_job()), cores);
  EXPECT_EQ((JobsOption{JobsBackend::kProcesses, 4 * cores, {}}.threads_per_job()), 1);
  EXPECT_EQ((JobsOption{JobsBackend::kThreads, 3, {}}.threads_per_job()), 3);
}

TEST(Shard, EveryItemThenInExactlyOnePart) {
  for (int n : {1, 2, 3, 7, 40}) {
    for (std::size_t item = 0; item < 30; ++item) {
      int owners = 0;
      for (int i = 1; i <= n; ++i) owners += Shard{i, n}.owns(item);
      EXPECT_EQ(owners, 1) << item << " of " << n;
    }
  }
  const Shard shard = parse_shard("2/4", "--shard");
  EXPECT_EQ(shard.text(), "2/4");
  EXPECT_TRUE(shard.owns(1));
  EXPECT_FALSE(shard.owns(2));
}

TEST(Shard, WrongTextThenError) {
  for (const char* text : {"", "1", "0/4", "5/4", "1/", "/4", "1/4/2", "a/b", "-1/4", "1/0"})
    EXPECT_THROW(parse_shard(text, "--shard"), ConfigError) << text;
}

}  // namespace
}  // namespace heat::base
