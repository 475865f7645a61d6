import "../paced_kill_test.ts?long";
