// A Slurm cluster of one node on the loopback interface, with authentication, ports and folders of its own.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace heat::test {

class SlurmCluster {
 public:
  // The Debian packages that are missing for it, joined by spaces; empty: it can be started.
  static std::string missing_packages();

  // Starts munged, slurmctld and slurmd below `folder` and waits until the node takes jobs. The node claims `cpus`. Sets
  // SLURM_CONF. Throws std::runtime_error with the daemons' words when they do not come up.
  SlurmCluster(const std::filesystem::path& folder, int cpus);
  // Cancels what runs and ends the daemons. They end with this process, too, whatever ends it.
  ~SlurmCluster();
  SlurmCluster(const SlurmCluster&) = delete;
  SlurmCluster& operator=(const SlurmCluster&) = delete;

  // The tasks of all arrays that are in the queue, "7_2", of a state ("RUNNING"), or of any.
  std::vector<std::string> tasks(const std::string& state = "") const;
  // Job arrays that were ever submitted.
  int submissions() const;
  // Ends a task without a word, as a failing node does.
  void kill_task(const std::string& task) const;

 private:
  void write_configuration(int cpus) const;
  void start(const std::vector<std::string>& command_line);
  void stop();
  std::string words() const;

  std::filesystem::path folder_;
  std::string host_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> daemons_;
};

}  // namespace heat::test
