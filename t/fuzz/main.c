
/*
 * Runs a fuzzer over files that are there, and over those of directories, for
 * who has no clang.  Says how many.
 */


#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>


#define MAIN_NAME  4096


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void main_path(const char *path);
static void main_dir(const char *path);
static void main_file(const char *path, size_t size);


static unsigned  main_inputs;


static void
main_path(const char *path)
{
    struct stat  st;

    if (stat(path, &st) != 0) {
        perror(path);
        exit(2);
    }

    if (S_ISDIR(st.st_mode)) {
        main_dir(path);

    } else {
        main_file(path, (size_t) st.st_size);
    }
}


static void
main_dir(const char *path)
{
    int              i, n;
    char             name[MAIN_NAME];
    struct dirent  **entries;

    n = scandir(path, &entries, NULL, alphasort);

    if (n < 0) {
        perror(path);
        exit(2);
    }

    for (i = 0; i < n; i++) {

        if (entries[i]->d_name[0] != '.') {
            snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
            main_path(name);
        }

        free(entries[i]);
    }

    free(entries);
}


static void
main_file(const char *path, size_t size)
{
    FILE     *f;
    uint8_t  *data;

    data = malloc(size + 1);
    f = fopen(path, "rb");

    if (data == NULL || f == NULL || fread(data, 1, size, f) != size) {
        perror(path);
        exit(2);
    }

    fclose(f);

    /* where it does not come back, this says which one it was */

    printf("%s\n", path);
    fflush(stdout);

    (void) LLVMFuzzerTestOneInput(data, size);

    free(data);
    main_inputs++;
}


int
main(int argc, char **argv)
{
    int  i;

    for (i = 1; i < argc; i++) {
        main_path(argv[i]);
    }

    printf("%u inputs\n", main_inputs);

    return main_inputs == 0;
}
