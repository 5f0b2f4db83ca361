// Mappings of one GEMM, simulated: where the model's figures lie within its error of one another, the simulator's decide.
#pragma once

#include <string>
#include <vector>

#include "machines/machine.h"
#include "machines/objective.h"
#include "offline/loop/simulator_process.h"
#include "offline/schedule/gemm_problem.h"

namespace heat::offline {

// The mappings that the model takes for the best, the best first: of every dimension divided over 1 to 4, the squares or
// all of the chiplets, so many at most in all. With requantisation records, as the simulator wants them.
std::vector<GemmProblem> best_mappings(const GemmSize& size, const machines::Machine& machine,
                                       machines::Objective objective, std::size_t count);

struct MeasuredMapping {
  GemmProblem gemm;  // mapped
  spec::Prediction predicted;
  SimulationResult measured;
  std::string schedule;  // its file
};

// Writes a schedule of each into farm.folder and simulates it. In order of the objective as measured, the best first; of
// equals the one that came first. Throws what the simulator says.
std::vector<MeasuredMapping> measure_mappings(std::vector<GemmProblem> mapped, const machines::Machine& machine,
                                              machines::Objective objective, const SimulationFarm& farm);

}  // namespace heat::offline
