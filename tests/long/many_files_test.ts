import "../many_files_test.ts?long";
