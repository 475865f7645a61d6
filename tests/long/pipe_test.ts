import "../pipe_test.ts?long";
