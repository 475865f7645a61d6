import "../broken_files_test.ts?long";
