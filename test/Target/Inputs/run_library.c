/* A program of a user of library-header.onnxtxt: y = exp(x). */
#include "liblibrary.h"

#include <stdio.h>

static int run(bitnet_tensor *input, bitnet_tensor *output) {
  char error[128];
  int failed = library_header_run(input, 1, output, 1, error, sizeof error);
  if (failed)
    printf("failed: %s\n", error);
  return failed;
}

int main(void) {
  float x[8] = {0, 0, 0, 0, 1, 1, 1, 1};
  bitnet_tensor input = {"x", BITNET_F32, 2, {2, 4}, x, NULL};
  bitnet_tensor output;
  fputs(library_header_signature_text(), stdout);
  if (run(&input, &output))
    return 1;

  const float *y = output.data;
  printf("%s[%d, %d]: %.4f %.4f\n", output.name, (int)output.shape[0],
         (int)output.shape[1], y[3], y[4]);
  library_header_release(&output, 1);

  input.shape[1] = 3;
  if (!run(&input, &output))
    return 1;
  input.shape[1] = 4;
  input.name = "z";
  return !run(&input, &output);
}
