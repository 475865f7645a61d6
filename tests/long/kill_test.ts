import "../kill_test.ts?long";
