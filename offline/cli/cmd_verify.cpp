// heat-offline verify: confirms a certificate of `heat-offline map`.
#include <chrono>

#include "base/command_line.h"
#include "base/json_file.h"
#include "machines/make_machine.h"
#include "offline/certificate/check.h"
#include "offline/cli/command.h"

namespace heat::offline::cli {
namespace {

struct Options {
  std::string certificate, arch, json;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description options("Options");
  options.add_options()("certificate", po::value(&o.certificate)->required(), "what map --certificate wrote")(
      "arch", po::value(&o.arch), "architecture, YAML (default: the file that the certificate names)")(
      "json", po::value(&o.json), "write the result here (default: print it)");
  base::CommandLine line{
      "heat-offline",
      argv[0],
      "Usage: heat-offline verify CERTIFICATE [--arch A.yaml] [--json O]\n\n",
      "  heat-offline map --arch configs/arch/simba-l.yaml --gemm 768,768,384 --certificate proof.json\n"
      "  heat-offline verify proof.json\n",
      std::move(options),
      {}};
  line.positional.add("certificate", 1);
  po::variables_map values;
  return base::parse_command_line(argc, argv, line, values);
}

}  // namespace

int run_verify(int argc, char** argv) {
  Options o;
  if (!parse(argc, argv, o)) return base::kDone;
  const auto start = std::chrono::steady_clock::now();
  const certificate::Certificate c = certificate::certificate_from_json(base::read_json_file(o.certificate));
  const spec::ArchSpec arch = spec::ArchSpec::load(o.arch.empty() ? c.arch : o.arch);
  const spec::EnergyTable energy = spec::EnergyTable::load(arch.energy_config);
  const auto machine = machines::make_machine(arch, energy, c.calibration);
  const certificate::Checked checked = certificate::check(c, *machine);
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_json(o.json, {{"verified", true},
                      {"objective", machines::objective_name(c.objective)},
                      {"value", c.value},
                      {"lower_bound", c.lower_bound},
                      {"gap", c.gap()},
                      {"space", certificate::kSpace},
                      {"subspaces", checked.subspaces},
                      {"costed", checked.costed},
                      {"wall_s", wall_s}});
  return base::kDone;
}

}  // namespace heat::offline::cli
