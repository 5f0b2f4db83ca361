// Writes a graph operator by operator. Every operator makes a value of its name and ".out".
#pragma once

#include <string>
#include <vector>

#include "offline/network/graph.h"

namespace heat::offline {

class GraphBuilder {
 public:
  // `base_prefix` precedes the parameters of every operator but those named by `own_parameters`.
  explicit GraphBuilder(std::string base_prefix) { graph_.base_prefix = std::move(base_prefix); }

  ValueId embedding(const std::string& name, op::RowOf row_of, std::int64_t rows, const Axis& features);
  // Maps the input's fixed axes to `features`.
  ValueId linear(const std::string& name, ValueId input, const std::vector<Axis>& features);
  // As linear, under a name that the checkpoint gives without the base prefix.
  ValueId head_linear(const std::string& name, ValueId input, const std::vector<Axis>& features);
  struct Labelled {
    ValueId value;
    std::vector<std::string> axes;
  };
  ValueId matmul(const std::string& name, const Labelled& a, const Labelled& b,
                 const std::vector<std::string>& output_axes, double factor = 1);
  ValueId mask(const std::string& name, ValueId input, op::MaskKind kind);
  ValueId softmax(const std::string& name, ValueId input);
  ValueId norm(const std::string& name, ValueId input, double epsilon);
  ValueId activation(const std::string& name, ValueId input, Activation function);
  ValueId add(const std::string& name, ValueId a, ValueId b);
  ValueId select(const std::string& name, ValueId input, std::int64_t position);
  // The output's first axis is the runtime axis `kept`.
  ValueId cache(const std::string& name, ValueId input, const std::string& kept);
  // What a dropout draws: see op::Dropout.
  struct Draws {
    double probability;
    bool of_attention;
    std::array<std::uint64_t, 2> site;
  };
  ValueId dropout(const std::string& name, ValueId input, const Draws& draws);

  // The body begins before, ends behind the operators added next. `input_name`: of the value that enters it.
  void begin_body(ValueId input, const std::string& input_name);
  void end_body() { graph_.body.last = graph_.operators.size(); }

  Graph& graph() { return graph_; }
  // The finished graph, checked.
  Graph finish();

 private:
  const std::vector<Axis>& axes(ValueId id) const { return graph_.values.at(static_cast<std::size_t>(id)).axes; }
  ValueId value(const std::string& name, std::vector<Axis> axes);
  ValueId put(const std::string& name, ValueId output, Operation operation);
  ValueId linear_with(const std::string& name, const std::string& parameters, ValueId input,
                      const std::vector<Axis>& features);

  Graph graph_;
};

}  // namespace heat::offline
