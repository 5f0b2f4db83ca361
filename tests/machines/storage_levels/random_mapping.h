// Random problems, machines and mappings that fit them, small enough to walk.
#pragma once

#include "machines/storage_levels/architecture.h"
#include "machines/storage_levels/mapping.h"
#include "machines/storage_levels/problem.h"
#include "tests/support/random.h"

namespace heat::test {

// Sizes of C, M and P (K, M, N of a GEMM) up to 8, now and then with the other dimensions of a convolution of kernel 1 or a
// batch.
storage_levels::Problem random_problem(test_support::Random& random);

struct RandomMachine {
  storage_levels::Architecture architecture;
  storage_levels::Mapping mapping;
};
// A mapping by chance, and a machine that has just the instances and the room that it takes.
RandomMachine random_machine(const storage_levels::Problem& problem, test_support::Random& random);

// Takes sizes off the problem: the mapping's factors become imperfect.
void shrink(storage_levels::Problem& problem, RandomMachine& made, test_support::Random& random);

}  // namespace heat::test
