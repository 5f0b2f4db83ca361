// Every daemon runs in the foreground as a child that base/jobs watches: it gets SIGTERM when we stop, and SIGKILL when
// this process is gone.
#include "tests/support/slurm_cluster.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

#include "base/jobs/process.h"

namespace heat::test {
namespace {

namespace fs = std::filesystem;

std::string program(const std::string& name) {
  for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"})
    if (access((folder + name).c_str(), X_OK) == 0) return folder + name;
  return "";
}

// A port that is free now.
int free_port() {
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (s < 0 || bind(s, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(s, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no free port");
  close(s);
  return ntohs(address.sin_port);
}

void pause() {
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

std::string content(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::string SlurmCluster::missing_packages() {
  struct Package {
    const char* name;
    std::vector<const char*> programs;
  };
  const std::vector<Package> packages = {{"slurmctld", {"slurmctld"}},
                                         {"slurmd", {"slurmd"}},
                                         {"slurm-client", {"sbatch", "squeue", "scancel", "sinfo"}},
                                         {"munge", {"munged"}}};
  std::string missing;
  for (const Package& package : packages)
    for (const char* name : package.programs)
      if (program(name).empty()) {
        missing += std::string(missing.empty() ? "" : " ") + package.name;
        break;
      }
  return missing;
}

SlurmCluster::SlurmCluster(const fs::path& folder, int cpus) : folder_(folder) {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  host_ = std::string(host).substr(0, std::string(host).find('.'));
  for (const char* sub : {"state", "spool"}) fs::create_directories(folder_ / sub);
  std::random_device random;
  std::ofstream key(folder_ / "munge.key", std::ios::binary);
  for (int i = 0; i < 1024; ++i) key.put(static_cast<char>(random()));
  key.close();
  fs::permissions(folder_ / "munge.key", fs::perms::owner_read | fs::perms::owner_write);
  write_configuration(cpus);
  setenv("SLURM_CONF", (folder_ / "slurm.conf").c_str(), 1);
  const auto at = [&](const char* option, const char* file) { return option + (folder_ / file).string(); };
  start({program("munged"), "--foreground", "--force", at("--key-file=", "munge.key"), at("--socket=", "munge.socket"),
         at("--pid-file=", "munged.pid"), at("--log-file=", "munged.log"), at("--seed-file=", "munge.seed")});
  for (int i = 0; i < 100 && !fs::exists(folder_ / "munge.socket"); ++i) pause();
  start({program("slurmctld"), "-D", "-i", "-f", (folder_ / "slurm.conf").string()});
  start({program("slurmd"), "-D", "-N", host_, "-f", (folder_ / "slurm.conf").string()});
  for (int i = 0; i < 600; ++i, pause()) {
    const base::ProcessResult r = base::run_process({"sinfo", "--noheader", "--format=%T"}, nullptr);
    if (r.status == 0 && r.output == "idle\n") return;
  }
  const std::string text = words();
  stop();
  throw std::runtime_error("the cluster does not come up:\n" + text);
}

SlurmCluster::~SlurmCluster() {
  base::run_process({"scancel", "--quiet", "--partition=test"}, nullptr);
  for (int i = 0; i < 100 && !tasks().empty(); ++i) pause();
  stop();
  unsetenv("SLURM_CONF");
}

void SlurmCluster::write_configuration(int cpus) const {
  const passwd* user = getpwuid(geteuid());
  const std::string name = user ? user->pw_name : "root", at = folder_.string();
  std::ofstream c(folder_ / "slurm.conf");
  c << "ClusterName=heat\nSlurmctldHost=" << host_ << "(127.0.0.1)\n"
    << "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny\n"  // listens on the loopback interface alone
    << "SlurmctldPort=" << free_port() << "\nSlurmdPort=" << free_port() << "\n"
    << "SlurmUser=" << name << "\nSlurmdUser=" << name << "\n"
    << "AuthType=auth/munge\nCredType=cred/munge\nAuthInfo=socket=" << at << "/munge.socket\n"
    << "StateSaveLocation=" << at << "/state\nSlurmdSpoolDir=" << at << "/spool\n"
    << "SlurmctldPidFile=" << at << "/slurmctld.pid\nSlurmdPidFile=" << at << "/slurmd.pid\n"
    << "SlurmctldLogFile=" << at << "/slurmctld.log\nSlurmdLogFile=" << at << "/slurmd.log\n"
    << "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\n"
    << "AccountingStorageType=accounting_storage/none\nSwitchType=switch/none\nMpiDefault=none\n"
    << "SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\nSlurmdParameters=config_overrides\n"
    << "ReturnToService=2\nKillWait=2\nSchedulerParameters=sched_interval=1\n"
    << "NodeName=" << host_ << " NodeAddr=127.0.0.1 CPUs=" << cpus << " State=UNKNOWN\n"
    << "PartitionName=test Nodes=" << host_ << " Default=YES MaxTime=INFINITE State=UP\n";
  // Nothing above uses control groups; looking for them fails where none are mounted (a chroot), naming them does not.
  std::ofstream(folder_ / "cgroup.conf") << "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n";
}

void SlurmCluster::start(const std::vector<std::string>& command_line) {
  daemons_.emplace_back([this, command_line] {
    std::string end;
    try {
      const base::ProcessResult r = base::run_process(command_line, [this] { return stopping_.load(); });
      end = "status " + std::to_string(r.status) + "\n" + r.error;
    } catch (const std::exception& e) {
      end = e.what();
    }
    std::ofstream(folder_ / (fs::path(command_line[0]).filename().string() + ".end")) << end;
  });
}

void SlurmCluster::stop() {
  stopping_ = true;
  for (std::thread& d : daemons_) d.join();
  daemons_.clear();
}

std::string SlurmCluster::words() const {
  std::string text;
  for (const char* file : {"munged.end", "slurmctld.end", "slurmd.end", "munged.log", "slurmctld.log", "slurmd.log"})
    text += std::string(file) + ":\n" + content(folder_ / file) + "\n";
  return text;
}

std::vector<std::string> SlurmCluster::tasks(const std::string& state) const {
  std::vector<std::string> line{"squeue", "--noheader", "--array", "--format=%i"};
  if (!state.empty()) line.push_back("--states=" + state);
  std::istringstream output(base::run_process(line, nullptr).output);
  std::vector<std::string> all;
  for (std::string task; output >> task;) all.push_back(task);
  return all;
}

int SlurmCluster::submissions() const {
  const std::string log = content(folder_ / "slurmctld.log"), word = "_slurm_rpc_submit_batch_job: JobId=";
  int count = 0;
  for (std::size_t at = log.find(word); at != std::string::npos; at = log.find(word, at + 1)) ++count;
  return count;
}

void SlurmCluster::kill_task(const std::string& task) const {
  base::run_process({"scancel", "--quiet", task}, nullptr);
}

}  // namespace heat::test
