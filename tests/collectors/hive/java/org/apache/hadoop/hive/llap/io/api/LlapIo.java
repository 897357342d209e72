package org.apache.hadoop.hive.llap.io.api;

import org.apache.hadoop.hive.serde2.Deserializer;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.mapred.InputFormat;

/** What Hive's query engine refers to of hive-llap-client, which is not among Spark's jars. */
public interface LlapIo<T> {
  InputFormat<NullWritable, T> getInputFormat(InputFormat<?, ?> source, Deserializer deserializer);

  void close();
}
