package org.apache.hadoop.hive.llap.io.api;

import org.apache.hadoop.conf.Configuration;

/** Says that there is no LLAP daemon. */
public final class LlapProxy {
  private LlapProxy() {}

  public static boolean isDaemon() {
    return false;
  }

  public static void setDaemon(boolean isDaemon) {}

  public static LlapIo<?> getIo() {
    return null;
  }

  public static void initializeLlapIo(Configuration configuration) {}

  public static void close() {}
}
