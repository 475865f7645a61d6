import "../cli_test.ts?long";
