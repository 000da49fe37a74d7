SELECT concat_ws(' ', pg_backend_pid(), (SELECT backend_start FROM pg_stat_get_activity(pg_backend_pid())))
