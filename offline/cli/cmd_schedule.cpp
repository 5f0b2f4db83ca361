// heat-offline schedule: a BERT encoder, dense or factorised, as a schedule for simba-sim.
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>

#include "base/atomic_file.h"
#include "base/config_reader.h"
#include "base/json_file.h"
#include "offline/cli/command.h"
#include "offline/cli/commands.h"
#include "offline/cli/table_forms.h"
#include "offline/network/model_config.h"
#include "offline/pipeline/checkpoint_forms.h"
#include "offline/schedule/choose_factors.h"
#include "offline/schedule/choose_path.h"
#include "offline/schedule/evaluate.h"
#include "offline/schedule/least_cost.h"
#include "offline/schedule/planner.h"
#include "offline/schedule/quantize.h"
#include "offline/schedule/random_forms.h"
#include "spec/units.h"

namespace heat::offline::cli {
namespace {

struct Options {
  std::string model_config, checkpoint, arch, method, objective, calibration, cost_table, table_rule, layer, text, out,
      json;
  bool keep_factorised = false, even_shapes = false, padding_mask = false;
  std::int64_t tokens = 0, layers = 0;
  double ratio = 0;
  SelectionLimits limits;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> random_weights;
  int threads = 2;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description options("Options");
  options.add_options()("model-config", po::value(&o.model_config), "config.json of a BERT encoder (no weights)")(
      "checkpoint", po::value(&o.checkpoint), "Hugging Face folder: real weights, quantised to int8")(
      "arch", po::value(&o.arch)->required(), "the machine, e.g. configs/arch/simba-l.yaml")(
      "seq-len", po::value(&o.tokens)->required(), "tokens of the sentence")("method", po::value(&o.method)->required(),
                                                                             ("dense | " + method_choices()).c_str())(
      "ratio", po::value(&o.ratio)->default_value(0.3), "parameters kept in each factorised matrix")(
      "even-shapes", po::bool_switch(&o.even_shapes),
      "split sides into factors as even as they come (the paper's uniform shapes) in place of the method's plain "
      "shape")("layers", po::value(&o.layers)->default_value(0), "encoder blocks (0: as many as the model has)")(
      "layer", po::value(&o.layer), "one linear layer only, e.g. encoder.layer.0.intermediate.dense")(
      "padding-mask", po::bool_switch(&o.padding_mask),
      "the padding mask is an input of the schedule: sentences may be shorter than --seq-len")(
      "random-weights", po::value<std::uint64_t>(), "seed: with --model-config, write an image of random int8 data")(
      "text", po::value(&o.text), "with --checkpoint: sentences, one a line, for calibration and as input")(
      "objective", po::value(&o.objective)->default_value("edp"), "edp | energy | latency")(
      "calibration", po::value(&o.calibration), "JSON written by heat-offline calibrate")(
      "cost-table", po::value(&o.cost_table),
      "cost_table.sqlite: shape and ranks of least EDP within --ratio; layers that cost more than dense ones stay "
      "dense")(
      "table-rule", po::value(&o.table_rule)->default_value("edp"),
      "with --cost-table: edp | s-star (the shape of s* for every ratio, at the table's ranks for --ratio: the "
      "paper's level 1)")("max-ratio", po::value(&o.limits.max_ratio)->default_value(o.limits.max_ratio),
                          "s*: parameters at most")(
      "max-edp-ratio", po::value(&o.limits.max_edp_ratio)->default_value(o.limits.max_edp_ratio),
      "s*: EDP over the dense layer's at most")("keep-factorised", po::bool_switch(&o.keep_factorised),
                                                "with --cost-table: factorise layers that cost more, too")(
      "seed", po::value(&o.seed)->default_value(1), "of the decompositions")(
      "threads", po::value(&o.threads)->default_value(2), "threads of the decompositions")(
      "out", po::value(&o.out)->required(), "schedule to write (the DRAM image goes beside it)")(
      "json", po::value(&o.json)->default_value(""), "summary (default: standard output)");
  po::variables_map values;
  if (!parse_options(
          argc, argv, options,
          "schedule --model-config config.json | --checkpoint DIR --arch A.yaml --seq-len N --method M --out S.json",
          "  heat-offline schedule --model-config model/config.json --arch configs/arch/simba-l.yaml --seq-len 384 "
          "--method dense --out out/dense.json\n"
          "  heat-offline schedule --checkpoint examples/wordnet-bert --arch configs/arch/simba-l.yaml "
          "--seq-len 32 --method " +
              std::string(default_method().name()) +
              " --ratio 0.3 --out out/factorised.json\n"
              "  heat-offline schedule --model-config model/config.json --arch configs/arch/simba-l.yaml --seq-len 384 "
              "--method " +
              default_method().name() + " --ratio 0.3 --cost-table table/cost_table.sqlite --out out/by_edp.json\n",
          values))
    return false;
  if (values.count("random-weights")) o.random_weights = values["random-weights"].as<std::uint64_t>();
  return true;
}

void check(const Options& o, base::Problems& problems) {
  const auto bad = [&](const std::string& option, const std::string& what) { problems.add("--" + option, what); };
  if (o.model_config.empty() == o.checkpoint.empty()) bad("model-config", "give either --model-config or --checkpoint");
  if (o.tokens < 1 || o.tokens > 65536) bad("seq-len", std::to_string(o.tokens) + ": expected 1 to 65536");
  if (!(o.ratio > 0 && o.ratio <= 1)) bad("ratio", std::to_string(o.ratio) + ": expected more than 0 and at most 1");
  if (o.layers < 0) bad("layers", std::to_string(o.layers) + ": expected 0 or more");
  if (o.threads < 1) bad("threads", std::to_string(o.threads) + ": expected 1 or more");
  if (!mapper::parse_objective(o.objective)) bad("objective", "'" + o.objective + "': expected edp, energy or latency");
  if (o.random_weights && !o.checkpoint.empty()) bad("random-weights", "only with --model-config");
  if (!o.text.empty() && o.checkpoint.empty()) bad("text", "only with --checkpoint");
  if (o.even_shapes && (o.method == Form::kDense || !o.cost_table.empty()))
    bad("even-shapes", "only where --method alone gives the shape");
  if (o.padding_mask && !o.layer.empty()) bad("padding-mask", "one layer alone has no attention");
  if (o.keep_factorised && o.cost_table.empty()) bad("keep-factorised", "only with --cost-table");
  const auto rule = parse_form_rule(o.table_rule);
  if (!rule) bad("table-rule", "'" + o.table_rule + "': expected edp or s-star");
  if (rule == FormRule::kShapeStar && o.cost_table.empty()) bad("table-rule", "s-star only with --cost-table");
  if (!(o.limits.max_ratio > 0)) bad("max-ratio", std::to_string(o.limits.max_ratio) + ": expected more than 0");
  if (!(o.limits.max_edp_ratio > 0))
    bad("max-edp-ratio", std::to_string(o.limits.max_edp_ratio) + ": expected more than 0");
  if (!o.cost_table.empty() && o.method == Form::kDense) bad("cost-table", "--method dense takes no shape and ranks");
  try {
    if (o.method != Form::kDense) method_named(o.method);
  } catch (const base::ConfigError&) {
    bad("method", "'" + o.method + "': expected dense | " + method_choices());
  }
}

// The network, its values and inputs; no values for a timing-only schedule.
struct Source {
  std::string name;
  Graph graph;
  NetworkForms forms;
  std::vector<std::vector<float>> inputs;  // for calibration; the first is the schedule's input
  bool has_values = false;
};

// The graph of a configuration, of its first --layers blocks when that is given.
Graph graph_of(const Options& o, ModelConfig config) {
  if (o.layers > config.num_hidden_layers)
    throw base::ConfigError("--layers " + std::to_string(o.layers) + ": the model has " +
                            std::to_string(config.num_hidden_layers));
  if (o.layers > 0) config.num_hidden_layers = o.layers;
  return build_network(config);
}

Source from_config(const Options& o, const ModelConfig& config) {
  Source source;
  source.name = config.model_type;
  source.graph = graph_of(o, config);
  source.has_values = o.random_weights.has_value();
  source.forms.linear = [](const LinearLayer& layer) {
    return LinearForm{layer.name, layer.in, layer.out, {}, {}, {}};
  };
  source.forms.norm = [](const NormLayer&) { return NormForm{}; };
  if (!source.has_values) return source;
  const std::uint64_t seed = *o.random_weights;
  source.forms.norm = [seed](const NormLayer& layer) { return random_norm(layer.name, layer.features, seed); };
  source.inputs.push_back(random_normal("encoder.input", seed, o.tokens * config.hidden_size, 1));
  return source;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream in(base::read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  if (lines.empty()) throw base::ConfigError("--text '" + path + "': holds no sentence");
  return lines;
}

// All layers dense.
Source dense_source(const Options& o, CheckpointLoader load) {
  if (o.checkpoint.empty())
    return from_config(o, ModelConfig::from_json(base::read_json_file(o.model_config), o.model_config));
  CheckpointForms loaded = load(o.checkpoint, o.tokens, o.text.empty() ? std::vector<std::string>{} : lines_of(o.text));
  return {std::move(loaded.name), graph_of(o, loaded.config), std::move(loaded.forms), std::move(loaded.inputs), true};
}

// The forms that a cost table has for the source's layers; nothing without --cost-table.
std::unique_ptr<TableForms> table_forms(const Options& o, const Source& source, const spec::ArchSpec& arch,
                                        const spec::EnergyTable& energy) {
  if (o.cost_table.empty()) return nullptr;
  std::vector<LinearLayer> layers;
  for (const LinearLayer& layer : linear_layers(source.graph))
    if (o.layer.empty() || layer.name == o.layer) layers.push_back(layer);
  auto forms =
      std::make_unique<TableForms>(TableFormsRequest{o.cost_table, o.method, o.ratio, o.tokens, o.keep_factorised,
                                                     *parse_form_rule(o.table_rule), o.limits},
                                   layers, arch, energy);
  std::cerr << forms->text();
  return forms;
}

// Factorises the source's layers, gives them random values, and makes every one once. Contraction paths are the table's
// or those of least EDP on the machine.
void set_forms(const Options& o, TableForms* table, HardwarePaths& paths, Source& source) {
  const RankRequest request{o.ratio, source.forms.target.grain.k, o.even_shapes};
  source.forms.target.choose = [&paths](const TensorNetwork& network) { return paths.best(network).plan; };
  if (table != nullptr) source.forms.target.choose = table->paths();
  if (o.method != Form::kDense) {
    source.forms.linear = [inner = source.forms.linear, &o, table, request](const LinearLayer& layer) {
      LinearForm form = inner(layer);
      if (table == nullptr)
        factorize(form, plain_form(form, method_named(o.method), request, o.threads), o.seed, o.threads);
      else if (!table->dense(layer))
        factorize(form, table->form(layer), o.seed, o.threads);
      return form;
    };
  }
  if (o.random_weights) {
    source.forms.linear = [inner = source.forms.linear, seed = *o.random_weights](const LinearLayer& layer) {
      LinearForm form = inner(layer);
      randomize(form, seed);
      return form;
    };
  }
  // Both attention loops are tried: every layer is made once.
  auto made = std::make_shared<std::map<std::string, LinearForm>>();
  source.forms.linear = [inner = source.forms.linear, made](const LinearLayer& layer) {
    auto found = made->find(layer.name);
    if (found == made->end()) found = made->emplace(layer.name, inner(layer)).first;
    return found->second;
  };
}

// What the schedule says of its layers' forms.
std::string method_label(const Options& o, const TableForms* table) {
  if (table == nullptr || !table->any_dense()) return o.method;
  return table->any_factorised() ? "mixed" : Form::kDense;
}

PlannedNetwork single_layer(const Options& o, const Source& source, const machines::Machine& machine,
                            const mapper::SearchOptions& search) {
  std::vector<std::string> names;
  for (const LinearLayer& layer : linear_layers(source.graph)) {
    names.push_back(layer.name);
    if (layer.name != o.layer) continue;
    LoweredNetwork lowered = lower_single_linear({o.layer, o.method, o.tokens}, source.forms.linear(layer),
                                                 source.forms.target, layer.activation);
    spec::Plan plan = plan_groups(lowered, machine, search);
    return {std::move(lowered.network), std::move(plan)};
  }
  const auto near = base::nearest_word(o.layer, names);
  throw base::ConfigError("--layer '" + o.layer + "': no such layer" +
                          (near ? " (did you mean '" + *near + "'?)" : ""));
}

// The activation that a layer's first node with one reads.
spec::TensorId tensor_read_by(const spec::Workload& workload, const std::string& layer) {
  for (const spec::Node& node : workload.nodes) {
    if (node.layer != layer || !node.gemm) continue;
    for (const spec::TensorView* view : node.reads())
      if (workload.tensors[view->tensor].kind != spec::TensorKind::kWeight) return view->tensor;
  }
  throw std::logic_error("no node of " + layer + " reads an activation");
}

// Inputs of a single layer: the values that reach it in the whole network.
void layer_inputs(const Options& o, Source& source, std::int64_t in) {
  if (o.checkpoint.empty()) {
    source.inputs = {random_normal(o.layer + ".input", *o.random_weights, o.tokens * in, 1)};
    return;
  }
  const LoweredNetwork whole = lower_network(source.graph, {source.name, o.method, o.tokens}, source.forms);
  const spec::TensorId read = tensor_read_by(whole.network.workload, o.layer);
  for (auto& input : source.inputs) input = evaluate_real(whole.network, input).tensors[read];
}

nlohmann::ordered_json summary(const Options& o, const spec::Schedule& s, const machines::Machine& machine,
                               std::int64_t image) {
  const spec::ArchSpec& arch = machine.arch;
  std::int64_t macs = 0, weights = 0;
  for (const spec::Node& n : s.workload.nodes) macs += n.macs();
  for (const spec::Tensor& t : s.workload.tensors)
    if (t.kind == spec::TensorKind::kWeight) weights += t.bytes();
  const spec::Prediction& predicted = s.plan.prediction;
  const auto edp_js = [&](double cycles, double pj) {
    return machines::objective_value(machines::Objective::kEdp, cycles, pj, arch);
  };
  const machines::Cost least = least_cost(s.workload, machine);
  const double edp = edp_js(predicted.cycles, predicted.energy_pj), bound = edp_js(least.cycles, least.energy_pj);
  return {{"schedule", o.out},
          {"arch", arch.name},
          {"method", o.method},
          {"tokens", s.workload.tokens},
          {"nodes", s.workload.nodes.size()},
          {"groups", s.plan.groups.size()},
          {"macs", macs},
          {"weight_bytes", weights},
          {"image_bytes", image},
          {"predicted_cycles", predicted.cycles},
          {"predicted_latency_ns", predicted.cycles / arch.clock_ghz},
          {"predicted_energy_pj", predicted.energy_pj},
          {"predicted_edp_js", edp},
          {"least_cycles", least.cycles},
          {"least_energy_pj", least.energy_pj},
          {"least_edp_js", bound},
          {"edp_gap", machines::gap(edp, bound)}};
}

}  // namespace

int schedule_command(int argc, char** argv, CheckpointLoader load) {
  Options o;
  if (!parse(argc, argv, o)) return base::kDone;
  if (!o.checkpoint.empty() && load == nullptr) return run_with_torch(argc, argv);
  base::Problems problems;
  check(o, problems);
  const spec::ArchSpec arch = spec::ArchSpec::load(o.arch, problems);
  problems.throw_if_any();
  const spec::EnergyTable energy = spec::EnergyTable::load(arch.energy_config);
  const std::unique_ptr<machines::Machine> machine = machine_of(arch, energy, o.calibration);
  mapper::SearchOptions search;
  search.objective = *mapper::parse_objective(o.objective);
  Source source = dense_source(o, load);
  const std::unique_ptr<TableForms> table = table_forms(o, source, arch, energy);
  source.forms.target.grain = machine->pe_array().grain;
  LayerCoster coster(arch, energy, machine->calibration, search);
  HardwarePaths paths(coster, 1);
  set_forms(o, table.get(), paths, source);
  o.method = method_label(o, table.get());
  PlannedNetwork planned = o.layer.empty()
                               ? plan_network(source.graph, {source.name, o.method, o.tokens, o.padding_mask},
                                              source.forms, *machine, search)
                               : single_layer(o, source, *machine, search);
  TensorBytes bytes;
  if (source.has_values) {
    if (!o.layer.empty()) layer_inputs(o, source, planned.network.workload.tensors[planned.network.input].shape[1]);
    bytes = quantize_network(planned.network, calibrate_ranges(planned.network, source.inputs), source.inputs.front());
  }
  const spec::Schedule schedule = planned.schedule();
  const std::int64_t image = write_schedule(schedule, bytes, o.out);
  nlohmann::ordered_json json = summary(o, schedule, *machine, image);
  if (table) json["cost_table"] = {{"file", o.cost_table}, {"sizes", table->json()}};
  write_json(o.json, json);
  return base::kDone;
}

}  // namespace heat::offline::cli
